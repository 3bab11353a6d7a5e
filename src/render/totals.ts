/**
 * The numbers of a plan in words: counts that are not zero, and the forecast under the rate limit.
 */
import type { Plan, PlanSummary } from '../service/plan.ts';
import { type Kind, kindOf } from './course.ts';

/** Services by the loudest thing done to them: `1 to delete, 2 to create`; empty when nothing is to be done. */
export function changeCounts(plan: Plan): readonly string[] {
  const kinds = plan.services.map(kindOf);
  const count = (kind: Kind) => kinds.filter((one) => one === kind).length;
  return counts([
    [count('delete'), 'to delete'],
    [count('replace'), 'to replace'],
    [count('create'), 'to create'],
    [count('change'), 'to change'],
    [count('wait'), 'to wait for'],
  ]);
}

/** What is not changed, and why it is worth counting. */
export function restCounts(summary: PlanSummary): readonly string[] {
  return counts([
    [summary.inSync, 'in sync'],
    [summary.blocked, 'blocked'],
    [summary.orphans, summary.orphans === 1 ? 'orphan left alone' : 'orphans left alone'],
    [summary.notExamined, 'not examined'],
  ]);
}

function counts(rows: readonly (readonly [number, string])[]): readonly string[] {
  return rows.filter(([count]) => count > 0).map(([count, words]) => `${count} ${words}`);
}

/** What the rate limit alone costs; transition times are not guessed (design §9). */
export function forecastText(summary: PlanSummary, rate: string | undefined): string {
  const { writes, atLeastSeconds } = summary.forecast;
  const under = rate === undefined ? '' : ` at ${rate}`;
  // Of writes that need not wait for the rate limit there is nothing to say.
  const least = atLeastSeconds < 1 ? '' : `, at least ${duration(atLeastSeconds)}${under}`;
  return `${writes} write${writes === 1 ? '' : 's'}${least}, and the time the server takes`;
}

function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < 120) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return whole < 7200
    ? `${minutes} min ${whole % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

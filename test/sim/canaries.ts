/**
 * Secrets that are known when they are seen: every value of an environment variable and the API key are canaries, and
 * whatever leaves the program is searched for them, as they are and in the spellings in which they could hide (O10).
 */
import { createLog } from '../../src/cli/log.ts';
import { Secrets } from '../../src/cli/secrets.ts';
import { RENDERERS } from '../../src/render/index.ts';
import { PLAIN } from '../../src/render/paint.ts';
import type { Event, Listen } from '../../src/service/event.ts';
import type { Plan } from '../../src/service/plan.ts';
import type { Clock } from '../../src/service/ports.ts';

const CANARY = 'canary-';

/** The word itself, in hex, in URL escapes, and in base64 from each of the three places at which it can begin. */
const SPELLINGS: readonly string[] = [
  CANARY,
  Buffer.from(CANARY).toString('hex'),
  [...CANARY].map((char) => `%${char.charCodeAt(0).toString(16)}`).join(''),
  ...[0, 1, 2].map((before) => {
    const text = Buffer.from('\0'.repeat(before) + CANARY).toString('base64');
    // What the neighbours have a part in is left out.
    return text.slice(before === 0 ? 0 : before + 1, 8);
  }),
];

/** A piece of `text` in which a canary sings; undefined: none does. */
export function canaryIn(text: string): string | undefined {
  const lower = text.toLowerCase();
  const at = SPELLINGS.map((one, index) =>
    index < 3 ? lower.indexOf(one.toLowerCase()) : text.indexOf(one),
  );
  const found = at.find((one) => one >= 0);
  return found === undefined ? undefined : text.slice(Math.max(0, found - 60), found + 40);
}

/** A log as a user has it, but without the scrubber: what is masked by position needs none. */
export function watchedLog(clock: Clock, leaks: (piece: string) => void): Listen {
  const output = {
    write(line: string) {
      const piece = canaryIn(line);
      if (piece !== undefined) leaks(piece);
    },
    isTTY: false,
    columns: () => 80,
  };
  const log = createLog('debug', output, clock, new Secrets());
  return (event: Event) => log.listen(event);
}

/** What every output makes of a plan. */
export function canaryInPlan(plan: Plan): string | undefined {
  const options = { paint: PLAIN, rate: '10/s', paths: ['manifests'], owner: 'default' };
  for (const render of Object.values(RENDERERS)) {
    const piece = canaryIn(render(plan, options));
    if (piece !== undefined) return piece;
  }
  return undefined;
}

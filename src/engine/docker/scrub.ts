/**
 * Masks every value of a service's environment in words that come from the engine.
 */
import type { Definition } from '../../service/definition.ts';
import type { Job } from '../../service/engine.ts';
import { scrubber } from '../../service/secrets.ts';
import type { Scrub } from './failures.ts';

export function scrubOf(of: Definition | Job): Scrub {
  if ('environment' in of) return lazily(() => Object.values(of.environment));
  return lazily(() => of.spec.container_envvars.map(({ value }) => value));
}

/** Most services have nothing to mask, so the pattern is made when the first text comes. */
function lazily(values: () => readonly string[]): Scrub {
  let scrub: Scrub | undefined;
  return (text) => {
    scrub ??= scrubber(values());
    return scrub(text);
  };
}

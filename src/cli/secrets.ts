/**
 * The values that must be in no output of this process, collected as they become known: the API key at start, values
 * of environment variables with each load. What is written to a log passes `clean` last.
 */
import { scrubber } from '../service/secrets.ts';

export class Secrets {
  readonly #known = new Set<string>();
  #scrub: ((text: string) => string) | undefined;

  add(values: Iterable<string>): void {
    const before = this.#known.size;
    for (const value of values) this.#known.add(value);
    if (this.#known.size !== before) this.#scrub = undefined;
  }

  readonly clean = (text: string): string => {
    this.#scrub ??= scrubber(this.#known);
    return this.#scrub(text);
  };
}

/** What is fuzzed: inputs made from seeds, and what must hold for every one of them. */

export interface Target {
  readonly name: string;
  /** The same bytes for the same seed, so that a number is enough to run an input again. */
  make(seed: number): Uint8Array;
  /** Throws when something that must hold does not; of the message, the first line names it. */
  run(input: Uint8Array): void | Promise<void>;
  /** Lets go of what it holds. */
  close(): Promise<void>;
}

/** A value that must be in nothing that is told. */
export const CANARY = 'c4nary-0f-the-fuzzer';

export function mustHold(holds: boolean, what: string, show: () => unknown = () => ''): asserts holds {
  if (holds) return;
  const shown = show();
  throw new Error(`${what}\n${typeof shown === 'string' ? shown : JSON.stringify(shown, null, 1)}`);
}

/** Text for people: no secret, nothing that moves a cursor or hides what it is. */
export function mustBeClean(text: string, secrets: readonly string[], where: string): void {
  for (const secret of secrets) mustHold(!text.includes(secret), `${where} tells a secret`, () => text);
  const unsafe = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.exec(text);
  mustHold(unsafe === null, `${where} holds a character that is not to be seen`, () =>
    JSON.stringify(text.slice(Math.max(0, (unsafe?.index ?? 0) - 40), (unsafe?.index ?? 0) + 40)),
  );
}

const PRISTINE = Object.getOwnPropertyNames(Object.prototype).join();

export function mustBePristine(): void {
  mustHold(Object.getOwnPropertyNames(Object.prototype).join() === PRISTINE, 'Object.prototype was changed');
}

export const text = (input: Uint8Array): string => Buffer.from(input).toString('utf8');
export const bytes = (json: unknown): Uint8Array => Buffer.from(JSON.stringify(json));

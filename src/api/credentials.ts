/**
 * The value of the `Authorization` header, and nothing that could show it by accident.
 */
const HIDDEN = '[secret]';

export class Credentials {
  /** Where they came from, for messages: `TUTUM_AUTH`, a file's name. */
  readonly source: string;
  /** Things a user should be told: a source passed over, a file that others can read. */
  readonly notes: readonly string[];
  readonly #authorization: string;
  readonly #secrets: readonly string[];

  /** `secrets`: the parts of `authorization` that must not be shown. */
  constructor(
    authorization: string,
    secrets: readonly string[],
    source: string,
    notes: readonly string[] = [],
  ) {
    this.#authorization = authorization;
    this.#secrets = [authorization, ...secrets].filter((secret) => secret !== '');
    this.source = source;
    this.notes = notes;
  }

  /** The only way out: for the request's header. */
  authorization(): string {
    return this.#authorization;
  }

  /** What every text of the server is searched for. */
  secrets(): readonly string[] {
    return this.#secrets;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return HIDDEN;
  }
}

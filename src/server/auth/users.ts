/**
 * Who may use the API: users and the hashes of their keys. Plain keys are hashed when they are read and then forgotten.
 *
 * Keys are long random strings, so SHA-256 is enough and quick (`research/reliability.md` §4.5). Every comparison is of
 * two hashes in constant time, with an unknown user too.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

export type Scope = 'read' | 'write';

export interface UserEntry {
  readonly name: string;
  /** The API key itself, or … */
  readonly key?: string;
  /** … its SHA-256 in hex. */
  readonly key_sha256?: string;
  /** `read` sees everything of the user and changes nothing. Default `write`. */
  readonly scope?: Scope;
}

export interface Identity {
  readonly user: string;
  readonly scope: Scope;
}

export interface Users {
  /** Whom the credentials belong to; undefined when they are wrong, whatever is wrong about them. */
  check(user: string, key: string): Identity | undefined;
}

const hashOf = (key: string) => createHash('sha256').update(key).digest();
const NOBODY = hashOf('');

/** The same name may stand several times, with a key each. */
export function createUsers(entries: readonly UserEntry[]): Users {
  const keys = new Map<string, { readonly hash: Buffer; readonly scope: Scope }[]>();
  for (const { name, key, key_sha256, scope = 'write' } of entries) {
    const hash = key_sha256 === undefined ? hashOf(key ?? '') : Buffer.from(key_sha256, 'hex');
    keys.set(name, [...(keys.get(name) ?? []), { hash, scope }]);
  }
  return {
    check(user, key) {
      const given = hashOf(key);
      let found: Identity | undefined;
      for (const { hash, scope } of keys.get(user) ?? [{ hash: NOBODY, scope: 'read' as const }]) {
        const equal = timingSafeEqual(hash, given);
        if (equal && key !== '' && keys.has(user)) found ??= { user, scope };
      }
      return found;
    },
  };
}

/**
 * The Authorization header: `ApiKey user:key` (the platform's first form) and `Basic base64(user:key)` (its later one,
 * and what `TUTUM_AUTH` holds). Anything else is no credential; it is never said which part was wrong.
 */
export interface Credentials {
  readonly user: string;
  readonly key: string;
}

const LONGEST = 4_096;

export function readCredentials(header: string | undefined): Credentials | undefined {
  if (header === undefined || header.length > LONGEST) return undefined;
  const match = /^\s*(ApiKey|Basic)\s+(\S+)\s*$/i.exec(header);
  if (match === null) return undefined;
  const [, scheme = '', value = ''] = match;
  const pair = scheme.toLowerCase() === 'basic' ? Buffer.from(value, 'base64').toString('utf8') : value;
  const colon = pair.indexOf(':');
  return colon <= 0 ? undefined : { user: pair.slice(0, colon), key: pair.slice(colon + 1) };
}

/**
 * Of a WebSocket's address, where the first streaming clients put them: `?user=&token=`, or the whole header's value in
 * `?auth=`. Nowhere else: addresses end up in other people's logs.
 */
export function credentialsInQuery(url: string): Credentials | undefined {
  const query = new URLSearchParams(url.split('?')[1] ?? '');
  const auth = query.get('auth');
  if (auth !== null) return readCredentials(auth);
  const user = query.get('user') ?? '';
  const key = query.get('token') ?? '';
  return user === '' || user.length + key.length > LONGEST ? undefined : { user, key };
}

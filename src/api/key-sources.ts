/**
 * Where credentials come from, the most explicit first: EVENKEEL_API_KEY_FILE, TUTUM_AUTH, TUTUM_USER with
 * TUTUM_APIKEY or TUTUM_PASS, ~/.tutum. Never a flag, never a manifest.
 *
 * The file comes before the old CLI's variables because somebody named it to this program; what is passed over for it
 * is told. Half a pair is an error, not a reason to look further: it would end in somebody else's account.
 */
import { UserError } from '../service/failure.ts';
import { Credentials } from './credentials.ts';

export interface KeyFile {
  readonly text: string;
  /** Permission bits. */
  readonly mode: number;
}

export interface KeySources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Home directory; undefined = none known. */
  readonly home: string | undefined;
  /** undefined = there is no such file. Other errors are thrown. */
  readonly readFile: (path: string) => Promise<KeyFile | undefined>;
}

const WAYS =
  'set TUTUM_USER and TUTUM_APIKEY, or TUTUM_AUTH, or EVENKEEL_API_KEY_FILE (a file with user:key, mode 0600), or write ~/.tutum';

/** UserError EK503 (missing, half), EK504 (a key file others can read), EK505 (malformed); none shows a value. */
export async function findCredentials(sources: KeySources): Promise<Credentials> {
  const get = (name: string) => {
    const value = sources.env[name]?.trim() ?? '';
    return value === '' ? undefined : value;
  };
  const [file, auth, user, key, pass] = [
    get('EVENKEEL_API_KEY_FILE'),
    get('TUTUM_AUTH'),
    get('TUTUM_USER'),
    get('TUTUM_APIKEY'),
    get('TUTUM_PASS'),
  ];
  if (file !== undefined) {
    const passedOver = [auth && 'TUTUM_AUTH', key && 'TUTUM_APIKEY', pass && 'TUTUM_PASS'].filter(Boolean);
    const notes = passedOver.map((name) => `${name} is passed over: EVENKEEL_API_KEY_FILE is set`);
    return fromKeyFile(file, user, notes, sources);
  }
  if (auth !== undefined) {
    const notes = key === undefined ? [] : ['TUTUM_APIKEY is passed over: TUTUM_AUTH is set'];
    return verbatim(auth, 'TUTUM_AUTH', notes);
  }
  if (key !== undefined || pass !== undefined) {
    if (user === undefined)
      throw new UserError('EK503', `TUTUM_APIKEY or TUTUM_PASS is set, but TUTUM_USER is not; ${WAYS}`, 3);
    if (key !== undefined) return apiKey(user, key, 'TUTUM_USER and TUTUM_APIKEY');
    return basic(user, pass ?? '', 'TUTUM_USER and TUTUM_PASS');
  }
  const found = await fromIni(sources);
  if (found !== undefined) return found;
  throw new UserError('EK503', `no credentials for the API: ${WAYS}`, 3);
}

async function fromKeyFile(
  path: string,
  user: string | undefined,
  notes: readonly string[],
  sources: KeySources,
) {
  const file = await readKeyFile(path, sources);
  if (file === undefined)
    throw new UserError('EK503', `EVENKEEL_API_KEY_FILE: ${path} does not exist; ${WAYS}`, 3);
  if ((file.mode & 0o077) !== 0)
    throw new UserError(
      'EK504',
      `EVENKEEL_API_KEY_FILE: ${path} has mode ${octal(file.mode)}, so others can read the key; run chmod 600 ${path}`,
      3,
    );
  const text = file.text.trim();
  const colon = text.indexOf(':');
  const owner = colon > 0 ? text.slice(0, colon) : user;
  const key = text.slice(colon + 1);
  if (owner === undefined || key === '')
    throw new UserError(
      'EK503',
      `EVENKEEL_API_KEY_FILE: ${path} must hold user:key on one line, or the key alone with TUTUM_USER set`,
      3,
    );
  return apiKey(owner, key, path, notes);
}

async function fromIni(sources: KeySources): Promise<Credentials | undefined> {
  if (sources.home === undefined) return undefined;
  const path = `${sources.home}/.tutum`;
  const file = await readKeyFile(path, sources);
  if (file === undefined) return undefined;
  const auth = parseIni(file.text);
  const notes =
    (file.mode & 0o077) === 0 ? [] : [`${path} has mode ${octal(file.mode)}, so others can read the key`];
  const { user, apikey, basic_auth } = auth;
  if (user && apikey) return apiKey(user, apikey, path, notes);
  if (basic_auth) return verbatim(`Basic ${basic_auth}`, path, notes);
  throw new UserError('EK503', `${path}: expected user and apikey (or basic_auth) under [auth]; ${WAYS}`, 3);
}

/** The `[auth]` section: `key = value`, quoted or not; old CLIs wrote both. */
function parseIni(text: string): Readonly<Record<string, string>> {
  let section = '';
  const entries: [string, string][] = [];
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[([^\]]*)\]/.exec(line);
    if (header !== null) section = (header[1] ?? '').trim().toLowerCase();
    const entry = /^\s*([A-Za-z_]+)\s*[=:]\s*(.*?)\s*$/.exec(line);
    if (section !== 'auth' || entry === null) continue;
    entries.push([(entry[1] ?? '').toLowerCase(), (entry[2] ?? '').replace(/^(["'])(.*)\1$/, '$2')]);
  }
  return Object.fromEntries(entries);
}

async function readKeyFile(path: string, sources: KeySources): Promise<KeyFile | undefined> {
  try {
    return await sources.readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new UserError('EK505', `${path} cannot be read: ${code}`, 3);
  }
}

const octal = (mode: number) => `0${(mode & 0o777).toString(8)}`;

function apiKey(user: string, key: string, source: string, notes: readonly string[] = []): Credentials {
  return checked(`ApiKey ${user}:${key}`, [key], source, notes);
}

function basic(user: string, pass: string, source: string): Credentials {
  const encoded = Buffer.from(`${user}:${pass}`).toString('base64');
  return checked(`Basic ${encoded}`, [pass, encoded], source, []);
}

function verbatim(value: string, source: string, notes: readonly string[]): Credentials {
  const secret = value.replace(/^\S+\s+/, '');
  const decoded = /^basic\s/i.test(value) ? Buffer.from(secret, 'base64').toString() : secret;
  return checked(value, [secret, decoded, decoded.slice(decoded.indexOf(':') + 1)], source, notes);
}

/** A header value is one line of visible ASCII; anything else could smuggle in a second header. */
function checked(
  header: string,
  secrets: readonly string[],
  source: string,
  notes: readonly string[],
): Credentials {
  if (!/^[\x20-\x7e]+$/.test(header))
    throw new UserError(
      'EK505',
      `the credentials from ${source} hold a line break or a character that no header takes`,
      3,
    );
  return new Credentials(header, secrets, source, notes);
}

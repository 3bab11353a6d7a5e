/**
 * Every setting, one row each: its flag, its environment variables, whether a settings file may hold it, how its text
 * is read, its default. Flags, `--help`, the settings file's schema test and the environment all come from here.
 *
 * Credentials have no row: they are never a flag and never in a settings file (design §9).
 */
import { parseOrigin } from '../api/origin.ts';
import { parseRate } from '../api/rate.ts';
import { GIT_ROWS } from './rows-git.ts';
import { OPS_ROWS } from './rows-ops.ts';
import {
  duration,
  flag,
  httpUrl,
  instance,
  listenAddress,
  oneOf,
  owner,
  path,
  patterns,
  wholeNumber,
} from './values.ts';

export interface Row<Value> {
  /** As commander declares it. */
  readonly flag: string;
  readonly help: string;
  readonly parse: (text: string) => Value;
  /** In the words of the flag; parsed like one. Undefined = not set. */
  readonly default?: string;
  /** Read in this order, after `EVENKEEL_<KEY>`. */
  readonly otherEnv?: readonly string[];
  /** Said out loud at each call: neither the environment nor a file may hold it. */
  readonly flagOnly?: true;
  /** A text in the environment that is not this setting, though the variable has its name. */
  readonly notMeant?: (text: string) => boolean;
}

const row = <One extends Row<unknown>>(one: One) => one;

export const ROWS = {
  ...GIT_ROWS,
  apiUrl: row({
    flag: '--api-url <url>',
    help: 'origin of the service API, with or without /api/v1/',
    parse: parseOrigin,
    default: 'http://127.0.0.1:8800',
    otherEnv: ['TUTUM_BASE_URL', 'TUTUM_REST_HOST'],
  }),
  rate: row({
    flag: '--rate <n/s>',
    help: 'bound on all requests, per second or minute (10/s, 60/m)',
    parse: (text: string) => ({ perSecond: parseRate(text), text: text.trim() }),
    default: '10/s',
  }),
  burst: row({
    flag: '--burst <n>',
    help: 'requests that may leave at once',
    parse: wholeNumber(1, 100_000),
    default: '10',
  }),
  concurrency: row({
    flag: '--concurrency <n>',
    help: 'requests in flight; 1 keeps the exact order of the plan',
    parse: wholeNumber(1, 1_000),
    default: '4',
  }),
  owner: row({
    flag: '--owner <name>',
    help: 'in whose name services are created and recognized',
    parse: owner,
    default: 'default',
    // Inside a container that evenkeel made, EVENKEEL_OWNER is the mark (service/mark.ts).
    notMeant: (text) => text.includes('/'),
  }),
  prune: row({
    flag: '--prune <never|owned>',
    help: 'delete owned services that no manifest names; owned needs --owner',
    parse: oneOf('never', 'owned'),
    default: 'never',
  }),
  allowEmpty: row({
    flag: '--allow-empty',
    help: 'let the last owned service be deleted',
    parse: flag,
    default: 'false',
    flagOnly: true,
  }),
  allowDeletes: row({
    flag: '--allow-deletes <n>',
    help: 'so many deletes and replaces within an hour are meant',
    parse: wholeNumber(0, 1_000_000),
    flagOnly: true,
  }),
  yes: row({
    flag: '--yes',
    help: 'do not ask before writing',
    parse: flag,
    default: 'false',
    flagOnly: true,
  }),
  ignoreSuspend: row({
    flag: '--ignore-suspend',
    help: 'also what is suspended',
    parse: flag,
    default: 'false',
    flagOnly: true,
  }),
  until: row({
    flag: '--until <duration>',
    help: 'when it ends by itself: 2h, or 2026-01-31T08:00:00Z; at most 30 days',
    parse: (text: string) => text,
    flagOnly: true,
  }),
  reason: row({
    flag: '--reason <text>',
    help: 'why, for others to read',
    parse: (text: string) => text,
    flagOnly: true,
  }),
  limit: row({
    flag: '--limit <n>',
    help: 'so many of the latest',
    parse: wholeNumber(1, 100_000),
    default: '50',
    flagOnly: true,
  }),
  deadline: row({
    flag: '--deadline <duration>',
    help: 'give up after this long (exit 6)',
    parse: duration,
    default: '30m',
  }),
  interval: row({
    flag: '--interval <duration>',
    help: "time between the daemon's passes",
    parse: duration,
    default: '60s',
  }),
  grace: row({
    flag: '--grace <duration>',
    help: 'how long a manifest must be gone before the daemon deletes its service',
    parse: duration,
    default: '10m',
  }),
  stateDir: row({
    flag: '--state-dir <dir>',
    help: 'where the journal is kept (default: $XDG_STATE_HOME/evenkeel or ~/.local/state/evenkeel)',
    parse: path,
  }),
  secretsDir: row({
    flag: '--secrets-dir <dir>',
    help: 'the only place that value_from.file reads from',
    parse: path,
  }),
  envAllow: row({
    flag: '--env-allow <patterns>',
    help: 'environment variables that manifests may use, such as DB_*,TOKEN',
    parse: patterns,
  }),
  ...OPS_ROWS,
  logLevel: row({
    flag: '--log-level <level>',
    help: 'debug, info, warn, error or silent: JSON lines on stderr (default: info in run and serve, else silent)',
    parse: oneOf('debug', 'info', 'warn', 'error', 'silent'),
  }),
  output: row({
    flag: '-o, --output <format>',
    help: 'text, json or markdown',
    parse: oneOf('text', 'json', 'markdown'),
    default: 'text',
    flagOnly: true,
  }),
  tail: row({
    flag: '--tail <n>',
    help: 'the last so many lines (default: as many as the server gives)',
    parse: wholeNumber(1, 1_000_000),
    flagOnly: true,
  }),
  inlineValues: row({
    flag: '--inline-values',
    help: 'write the values of environment variables, which are secrets',
    parse: flag,
    default: 'false',
    flagOnly: true,
  }),
  config: row({
    flag: '--config <file>',
    help: 'settings file (YAML or JSON) with these settings; never among the manifests',
    parse: path,
  }),
  engine: row({
    flag: '--engine <name>',
    help: 'what runs the containers: simulated, docker or swarm',
    parse: oneOf('simulated', 'docker', 'swarm'),
    default: 'simulated',
  }),
  listen: row({
    flag: '--listen <address>',
    help: 'address and port to serve on; port 0 takes a free one',
    parse: listenAddress,
    default: '127.0.0.1:8800',
  }),
  users: row({
    flag: '--users <file>',
    help: 'who may come in: a YAML or JSON file (schemas/users.schema.json)',
    parse: path,
  }),
  store: row({
    flag: '--store <dir>',
    help: 'where definitions are kept (default: in memory; with swarm: in the swarm itself)',
    parse: path,
  }),
  seed: row({
    flag: '--seed <n>',
    help: "seed of the simulated delays and failures (default: the fault file's, else 1)",
    parse: wholeNumber(0, 2 ** 32 - 1),
  }),
  faults: row({ flag: '--faults <file>', help: 'faults that the simulated server commits', parse: path }),
  publishAddress: row({
    flag: '--publish-address <ip>',
    help: 'where published ports listen',
    parse: path,
    default: '127.0.0.1',
  }),
  pull: row({
    flag: '--pull <auto|never>',
    help: 'auto: images that are missing, and at each redeploy; never: only images that are there',
    parse: oneOf('auto', 'never'),
    default: 'auto',
  }),
  registryConfig: row({
    flag: '--registry-config <file>',
    help: "credentials of registries, in the form of Docker's config.json; mode 0600",
    parse: path,
  }),
  instance: row({
    flag: '--instance <name>',
    help: 'tells the containers of several servers on one engine apart',
    parse: instance,
    default: 'evenkeel',
  }),
  globalRole: row({
    flag: '--global-role <url>',
    help: 'allow roles: [global]; containers get a key, and this address of the API',
    parse: httpUrl,
  }),
  globalRoleScope: row({
    flag: '--global-role-scope <read|write>',
    help: 'what those keys may do',
    parse: oneOf('read', 'write'),
    default: 'read',
  }),
  strict: row({
    flag: '--strict',
    help: 'refuse what only an extension allows: start in Partly running, redeploy in Not running',
    parse: flag,
    default: 'false',
  }),
};

export type Key = keyof typeof ROWS;

type ValueOf<K extends Key> = ReturnType<(typeof ROWS)[K]['parse']>;
type Unset<K extends Key> = (typeof ROWS)[K] extends { readonly default: string } ? never : undefined;

/** The value of each setting; those without a default may be undefined. */
export type Values<K extends Key> = { readonly [One in K]: ValueOf<One> | Unset<One> };

export const KEYS = Object.keys(ROWS) as readonly Key[];

/** `apiUrl` → `EVENKEEL_API_URL`. */
export function envName(key: Key): string {
  return `EVENKEEL_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** `apiUrl` → `api-url`, as in flags and settings files. */
export function fileName(key: Key): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/**
 * Settings of one call: flag > environment > settings file > default (design §9), read into values. What is wrong with
 * one is said with where it came from.
 */
import { UserError } from '../service/failure.ts';
import { envName, type Key, ROWS, type Values } from './rows.ts';
import { readSettingsFile } from './settings-file.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** What the command line said: texts by key; a flag without a value is `true`. */
export type Flags = Readonly<Partial<Record<Key, string | true>>>;

interface Told {
  readonly text: string;
  /** As a person finds it again: `--rate`, `EVENKEEL_RATE`, `settings.yaml: rate`. */
  readonly where: string;
  readonly explicit: boolean;
}

/**
 * The values of `keys`. `paths` are the manifests' paths: the settings file must not lie under them. Throws UserError
 * with exit code 3.
 */
export function settings<const K extends Key>(
  keys: readonly K[],
  flags: Flags,
  env: Env,
  paths: readonly string[] = [],
): Values<K> {
  const config = told('config', flags, env, new Map())?.text;
  const file = config === undefined ? new Map<Key, string>() : readSettingsFile(config, paths);
  const all = new Map(keys.map((key) => [key, told(key, flags, env, file)] as const));
  refuseUnownedPrune(all);
  return Object.fromEntries(keys.map((key) => [key, read(key, all.get(key))])) as Values<K>;
}

function told(key: Key, flags: Flags, env: Env, file: ReadonlyMap<Key, string>): Told | undefined {
  const row = ROWS[key];
  const flag = flags[key];
  if (flag !== undefined)
    return { text: String(flag), where: `--${row.flag.replace(/^.*--/, '').split(' ')[0]}`, explicit: true };
  if (!('flagOnly' in row)) {
    const names = [envName(key), ...('otherEnv' in row ? row.otherEnv : [])];
    for (const name of names) {
      const text = env[name];
      if (text === undefined || text === '' || ('notMeant' in row && row.notMeant(text))) continue;
      return { text, where: name, explicit: true };
    }
    const text = file.get(key);
    if (text !== undefined) return { text, where: 'the settings file', explicit: true };
  }
  return 'default' in row ? { text: row.default, where: 'its default', explicit: false } : undefined;
}

function read(key: Key, one: Told | undefined): unknown {
  if (one === undefined) return undefined;
  try {
    return ROWS[key].parse(one.text);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const said = error.message.replace(/^--[\w-]+: /, '');
    throw new UserError(error.code, `${one.where}: ${said}`, error.exit);
  }
}

/** Whose services are deleted must have been said, not assumed (design §6). */
function refuseUnownedPrune(all: ReadonlyMap<Key, Told | undefined>): void {
  if (all.get('prune')?.text.trim() !== 'owned' || all.get('owner')?.explicit === true) return;
  throw new UserError(
    'EK511',
    '--prune owned deletes what an owner no longer names, so it needs to be told whose: add --owner NAME',
    3,
  );
}

/**
 * The settings file: YAML or JSON, checked against schemas/settings.schema.json, all errors at once with their places.
 *
 * It decides what may be deleted, so whoever can push manifests must not be able to write it: a file that lies under
 * one of the manifests' paths is refused (design §9). Values are never quoted: somebody may put a key in it.
 */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import { Ajv, type ErrorObject } from 'ajv';
import { LineCounter, parseDocument } from 'yaml';
import { didYouMean } from '../manifest/suggest.ts';
import { UserError } from '../service/failure.ts';
import { reason } from '../source/files.ts';
import { fileName, KEYS, type Key, ROWS } from './rows.ts';

const MOST_BYTES = 256 * 1024;

/** The settings that a file may hold. */
export const FILE_KEYS: readonly Key[] = KEYS.filter((key) => key !== 'config' && !('flagOnly' in ROWS[key]));

const SCHEMA = new URL('../../schemas/settings.schema.json', import.meta.url);

/** The settings in `file` as texts, in the words of the flags. `paths` are the manifests' paths of this call. */
export function readSettingsFile(file: string, paths: readonly string[]): ReadonlyMap<Key, string> {
  refuseAmongManifests(file, paths);
  const document = parsed(file, readText(file));
  const value: unknown = document.value;
  const validate = new Ajv({ allErrors: true }).compile(JSON.parse(readFileSync(SCHEMA, 'utf8')) as object);
  if (!validate(value)) {
    const lines = (validate.errors ?? []).map((error) => `${document.placeOf(error)} ${sentence(error)}`);
    throw new UserError('EK508', [...new Set(lines)].join('\n'), 3);
  }
  const settings = value as Readonly<Record<string, unknown>>;
  return new Map(
    FILE_KEYS.flatMap((key) => {
      const setting = settings[fileName(key)];
      if (setting === undefined) return [];
      return [[key, Array.isArray(setting) ? setting.join(',') : String(setting)] as const];
    }),
  );
}

function refuseAmongManifests(file: string, paths: readonly string[]): void {
  const real = (path: string) => {
    try {
      return realpathSync(path);
    } catch {
      return resolve(path);
    }
  };
  for (const path of paths.filter((one) => one !== '-')) {
    for (const [folder, inside] of [
      [resolve(path), resolve(file)],
      [real(path), real(file)],
    ] as const) {
      const way = relative(folder, inside);
      if (way !== '..' && !way.startsWith('../') && !isAbsolute(way))
        throw new UserError(
          'EK510',
          `--config: ${file} lies among the manifests (${path}), where everybody who may change them could change what is deleted; keep it elsewhere`,
          3,
        );
    }
  }
}

function readText(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > MOST_BYTES) throw new Error(`it has ${size} bytes, at most ${MOST_BYTES} are read`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UserError('EK509', `--config: ${file}: ${code === undefined ? message : reason(error)}`, 3);
  }
}

function parsed(file: string, text: string) {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: 'core',
    uniqueKeys: true,
    prettyErrors: false,
  });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const first = document.errors[0];
  // The message of the library may quote the file.
  if (first !== undefined)
    throw new UserError('EK509', `${place(first.pos[0])} this is not YAML (${first.code})`, 3);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 }) ?? {};
  } catch {
    throw new UserError('EK509', `${file}:1:1 aliases are not taken`, 3);
  }
  return {
    value,
    placeOf(error: ErrorObject) {
      const key = keyOf(error);
      const pair =
        key === undefined ? undefined : (document.getIn([key], true) as { range?: [number] } | undefined);
      return place(pair?.range?.[0] ?? 0);
    },
  };
}

function keyOf(error: ErrorObject): string | undefined {
  const params = error.params as { additionalProperty?: string };
  return params.additionalProperty ?? error.instancePath.split('/')[1];
}

function sentence(error: ErrorObject): string {
  const key = keyOf(error);
  if (key === undefined) return 'expected a map of settings';
  if (error.keyword !== 'additionalProperties') return `${key}: ${error.message ?? 'is wrong'}`;
  const known = FILE_KEYS.map(fileName);
  const guess = didYouMean(
    key,
    known.map((name) => name.replaceAll('-', '_')),
  )?.replaceAll('_', '-');
  const flagOnly = KEYS.some((one) => fileName(one) === key);
  if (flagOnly) return `${key} is a flag only: it is meant for one call, not for all`;
  return `unknown setting ${JSON.stringify(key)}${guess === undefined ? '' : `, did you mean ${guess}?`}`;
}

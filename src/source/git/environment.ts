/**
 * The environment and configuration of every git command: all that holds is here, nothing is inherited
 * (`research/reliability.md` G3, G12, G14). Configuration travels in variables, never in arguments, because a token
 * is part of it.
 */
import type { GitUrl } from './address.ts';

export type Config = readonly (readonly [key: string, value: string])[];

/** `inherited`: the few variables that may come from outside, `PATH` among them. */
export function environment(
  inherited: Readonly<Record<string, string>>,
  more: Config,
  extra: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const config = [...SAFE, ...more];
  return {
    ...inherited,
    HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_PROTOCOL_FROM_USER: '0',
    // Nothing may be fetched in the middle of a reading.
    GIT_ALLOW_PROTOCOL: '',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_OPTIONAL_LOCKS: '0',
    SSH_ASKPASS_REQUIRE: 'never',
    ...extra,
    GIT_CONFIG_COUNT: String(config.length),
    ...Object.fromEntries(
      config.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}

const SAFE: Config = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.symlinks', 'false'],
  ['core.attributesFile', '/dev/null'],
  // Larger blobs are never held in memory.
  ['core.bigFileThreshold', '1m'],
  ['core.askPass', ''],
  ['credential.helper', ''],
  ['transfer.fsckObjects', 'true'],
  ['fetch.fsckObjects', 'true'],
  // A fetch is one pack, whole or not there.
  ['fetch.unpackLimit', '1'],
  ['fetch.recurseSubmodules', 'false'],
  ['fetch.writeCommitGraph', 'false'],
  ['submodule.recurse', 'false'],
  ['http.followRedirects', 'false'],
  ['http.sslVerify', 'true'],
  ['http.lowSpeedLimit', '1000'],
  ['http.lowSpeedTime', '30'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['pack.threads', '1'],
  ['pack.windowMemory', '64m'],
  ['gpg.program', '/bin/false'],
  ['gpg.x509.program', '/bin/false'],
];

/** For commands that speak to the server: its one transport, and no other. */
export function transports(url: GitUrl): Readonly<Record<string, string>> {
  return { GIT_ALLOW_PROTOCOL: url.scheme };
}

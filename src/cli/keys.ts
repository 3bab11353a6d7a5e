/** Which settings the commands share. */
import type { Key } from './rows.ts';

/** Of everything that speaks to an API in somebody's name. */
export const CLIENT_KEYS = [
  'apiUrl',
  'rate',
  'burst',
  'concurrency',
  'owner',
  'stateDir',
  'secretsDir',
  'envAllow',
  'logLevel',
  'config',
] as const satisfies readonly Key[];

/** Of everything that reads manifests from a repository. */
export const GIT_KEYS = [
  'git',
  'branch',
  'ref',
  'path',
  'gitUser',
  'gitTokenFile',
  'gitKeyFile',
  'gitKnownHosts',
  'gitCaFile',
  'gitAllowedSigners',
  'gitTimeout',
  'gitMaxSize',
  'cacheDir',
] as const satisfies readonly Key[];

/** … and may delete. */
export const PLAN_KEYS = [
  ...CLIENT_KEYS,
  ...GIT_KEYS,
  'prune',
  'allowEmpty',
  'allowDeletes',
  'ignoreSuspend',
] as const satisfies readonly Key[];

/** Of the server. */
export const SERVER_KEYS = [
  'engine',
  'listen',
  'users',
  'store',
  'seed',
  'faults',
  'publishAddress',
  'pull',
  'registryConfig',
  'instance',
  'globalRole',
  'globalRoleScope',
  'strict',
  'logLevel',
  'config',
] as const satisfies readonly Key[];

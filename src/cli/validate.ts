/**
 * `evenkeel validate`: checks manifests without a server, a network or a secret. Nothing is resolved, so it gives the
 * same answer everywhere.
 */
import { OFFLINE } from '../manifest/resolver.ts';
import { openManifests } from './compose-git.ts';
import { GIT_KEYS } from './keys.ts';
import { loadManifests } from './manifests.ts';
import type { CommandSpec } from './program.ts';
import { settings } from './settings.ts';

export const validate: CommandSpec = {
  name: 'validate',
  args: '[paths...]',
  summary: 'Checks manifests without an API: files, directories, - for standard input, or a repository.',
  keys: [...GIT_KEYS, 'config'],
  example: 'evenkeel validate fleet/          # exit 0: all of them are valid; 3: what is wrong is on stderr',
  async run(call) {
    const { args, flags, io, secrets } = call;
    const values = settings([...GIT_KEYS, 'config'], flags, io.env, args);
    const manifests = openManifests(call, values, true);
    const { usable, load, files, warnings } = await loadManifests(
      manifests.source,
      OFFLINE,
      io,
      secrets,
    ).finally(manifests.close);
    if (!usable) return 3;
    if (load.documents === 0) {
      io.stderr.write(`error: no manifest in ${manifests.named.join(' ')}\n`);
      return 3;
    }
    const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`;
    const warned = warnings.length > 0 ? `, ${count(warnings.length, 'warning')}` : '';
    io.stdout.write(`${count(load.wishes.length, 'service')} in ${count(files, 'file')}: valid${warned}\n`);
    return 0;
  },
};

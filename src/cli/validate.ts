/**
 * `evenkeel validate`: checks manifests without a server, a network or a secret. Nothing is resolved, so it gives the
 * same answer everywhere.
 */
import { OFFLINE } from '../manifest/resolver.ts';
import { openSource } from './compose.ts';
import { loadManifests } from './manifests.ts';
import type { CommandSpec } from './program.ts';

export const validate: CommandSpec = {
  name: 'validate',
  args: '<paths...>',
  summary: 'Checks manifests, offline: files, directories, or - for standard input.',
  keys: [],
  example: 'evenkeel validate fleet/          # exit 0: all of them are valid; 3: what is wrong is on stderr',
  async run({ args, io, secrets }) {
    const { usable, load, files, warnings } = await loadManifests(
      openSource(args, io, true),
      OFFLINE,
      io,
      secrets,
    );
    if (!usable) return 3;
    if (load.documents === 0) {
      io.stderr.write(`error: no manifest in ${args.join(' ')}\n`);
      return 3;
    }
    const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`;
    const warned = warnings.length > 0 ? `, ${count(warnings.length, 'warning')}` : '';
    io.stdout.write(`${count(load.wishes.length, 'service')} in ${count(files, 'file')}: valid${warned}\n`);
    return 0;
  },
};

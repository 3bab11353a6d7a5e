/** What the commands answer that only read or point in a mirror, as far as the source asks. */
import type { GitCommand, GitResult } from '../../src/source/git/command.ts';
import type { Commit, Objects, Thing } from './git-objects.ts';

export interface Store {
  /** Ids of the objects that it holds. */
  readonly holds: Set<string>;
  readonly refs: Map<string, string>;
  /** Objects of it that do not read as they were written. */
  readonly rotten: Set<string>;
}

export function answer({ args, input = '' }: GitCommand, store: Store, objects: Objects): GitResult {
  const at = new Mirrored(store, objects);
  const [name] = args;
  const words = args.filter((one, place) => place > 0 && !one.startsWith('-'));
  const [first = '', second = ''] = words;
  switch (name) {
    case 'rev-parse': {
      const id = at.named(first.replace(/\^\{commit\}$/, ''));
      const wanted = first.endsWith('^{commit}') ? at.commit(id) !== undefined : id !== undefined;
      return wanted ? say(`${id}\n`) : no('');
    }
    case 'merge-base': {
      const [old, head] = [at.commit(first), at.commit(second)];
      if (old === undefined || head === undefined) return no(`fatal: Not a valid commit name ${first}`);
      const walked = at.walk(second);
      if (walked === undefined) return no('error: Could not read; fatal: revision walk setup failed');
      return walked.has(first) ? say('') : no('');
    }
    case 'rev-list': {
      const without = words.filter((one) => one.startsWith('^')).map((one) => one.slice(1));
      const least = without.map((one) =>
        one.endsWith('^1') ? at.commit(one.slice(0, -2))?.parents[0] : one,
      );
      const all = at.walk(first);
      if (all === undefined || least.includes(undefined)) return no('fatal: bad revision');
      const less = new Set(least.flatMap((one) => [...(at.walk(one ?? '') ?? [])]));
      const commits = [...all].filter((id) => !less.has(id)).map((id) => [id, objects.commit(id)] as const);
      commits.sort(([, a], [, b]) => b.number - a.number);
      return say(commits.map(([id, { approves }]) => `${id}\t${approves.join(',')}\n`).join(''));
    }
    case 'ls-tree': {
      const tree = at.read(first);
      if (tree?.kind !== 'tree') return no('fatal: not a tree object');
      const files = tree.entries.filter(({ mode }) => mode !== '040000');
      return say(files.map(({ mode, id, path }) => `${mode} blob ${id}\t${path}\0`).join(''));
    }
    case 'cat-file': {
      const lines = input.split('\n').filter((line) => line !== '');
      return raw(Buffer.concat(lines.map((line) => at.cat(line, args.includes('--batch')))));
    }
    case 'update-ref': {
      if (args.includes('-d')) store.refs.delete(first);
      else if (at.commit(second) === undefined)
        return no('fatal: trying to write ref with nonexistent object');
      else store.refs.set(first, second);
      return say('');
    }
    case 'repack':
      return say('');
    case 'verify-commit':
      return at.commit(first)?.signed === true ? say('') : no('');
    default:
      throw new Error(`the simulated git knows no ${name}`);
  }
}

class Mirrored {
  readonly #store: Store;
  readonly #objects: Objects;
  constructor(store: Store, objects: Objects) {
    this.#store = store;
    this.#objects = objects;
  }

  named(word: string): string | undefined {
    return this.#store.refs.get(word) ?? (/^[0-9a-f]{40}$/.test(word) ? word : undefined);
  }

  read(id: string | undefined): Thing | undefined {
    if (id === undefined || !this.#store.holds.has(id)) return undefined;
    const thing = this.#objects.get(id);
    // Of a blob the source looks at the bytes itself; of the others git does.
    return this.#store.rotten.has(id) && thing?.kind !== 'blob' ? undefined : thing;
  }

  commit(id: string | undefined): Commit | undefined {
    const thing = this.read(id);
    return thing?.kind === 'commit' ? thing : undefined;
  }

  /** It and all that it follows; undefined where one of them cannot be read. */
  walk(head: string): ReadonlySet<string> | undefined {
    const all = this.#objects.ancestors(head);
    for (const id of all) if (this.commit(id) === undefined) return undefined;
    return all.size === 0 ? undefined : all;
  }

  /** One line of a batch: an id, `commit^{tree}` or `commit:path`. */
  cat(line: string, whole: boolean): Buffer {
    const [, commit, path] = /^([0-9a-f]{40}):(.*)$/.exec(line) ?? [];
    const [, treeOf] = /^([0-9a-f]{40})\^\{tree\}$/.exec(line) ?? [];
    const root = this.commit(commit ?? treeOf)?.tree;
    const id = commit !== undefined ? this.#below(root, path ?? '') : treeOf !== undefined ? root : line;
    const thing = this.read(id);
    if (thing === undefined) return Buffer.from(`${line} missing\n`);
    const bytes = thing.kind === 'blob' ? thing.bytes : Buffer.from('x');
    const head = Buffer.from(`${id} ${thing.kind} ${bytes.length}\n`);
    if (!whole) return head;
    const shown = this.#store.rotten.has(id ?? '') ? Buffer.alloc(bytes.length, 'x') : bytes;
    return Buffer.concat([head, shown, Buffer.from('\n')]);
  }

  #below(root: string | undefined, path: string): string | undefined {
    const tree = this.read(root);
    if (path === '' || tree?.kind !== 'tree') return tree === undefined ? undefined : root;
    return tree.entries.find((one) => one.path === path)?.id;
  }
}

function say(text: string): GitResult {
  return raw(Buffer.from(text));
}

function raw(stdout: Buffer): GitResult {
  return { ok: true, stdout, stderr: '', ended: undefined };
}

function no(stderr: string): GitResult {
  return { ok: false, stdout: Buffer.alloc(0), stderr, ended: undefined };
}

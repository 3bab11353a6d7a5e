/**
 * What git knows: blobs, trees and commits by their ids. Written from what git's own commands answer, and not from `src`.
 */
import { createHash } from 'node:crypto';

/** A regular file's text, or a symbolic link. */
export type File = string | { readonly link: string };
export type Files = Readonly<Record<string, File>>;

export interface Entry {
  readonly mode: string;
  readonly id: string;
  readonly path: string;
}

export type Thing =
  | { readonly kind: 'blob'; readonly bytes: Buffer }
  /** Everything below it, flat. */
  | { readonly kind: 'tree'; readonly entries: readonly Entry[] }
  | {
      readonly kind: 'commit';
      readonly tree: string;
      readonly parents: readonly string[];
      /** Of `Allow-Delete` trailers. */
      readonly approves: readonly string[];
      readonly signed: boolean;
      /** In which order commits were made. */
      readonly number: number;
    };
export type Commit = Extract<Thing, { kind: 'commit' }>;

/** Every object that anybody ever made; who holds which is told by sets of ids. */
export class Objects {
  readonly #things = new Map<string, Thing>();
  readonly #ancestors = new Map<string, ReadonlySet<string>>();
  #commits = 0;

  get(id: string): Thing | undefined {
    return this.#things.get(id);
  }

  /** Throws where there is none: only for those that were made here. */
  commit(id: string): Commit {
    const thing = this.#things.get(id);
    if (thing?.kind !== 'commit') throw new Error(`no commit ${id}`);
    return thing;
  }

  /** Makes a commit whose tree holds `files` and nothing else; paths with at most one directory. */
  write(files: Files, parents: readonly string[], approves: readonly string[], signed: boolean): string {
    const entries = Object.entries(files).map(([path, file]): Entry => {
      const [mode, text] = typeof file === 'string' ? ['100644', file] : ['120000', file.link];
      return { mode, path, id: this.#blob(Buffer.from(text)) };
    });
    const below = new Map<string, Entry[]>([['', entries]]);
    for (const entry of entries) {
      const [directory = '', name] = entry.path.split('/');
      if (name !== undefined)
        below.set(directory, [...(below.get(directory) ?? []), { ...entry, path: name }]);
    }
    const directories = [...below].map(([path, inside]): Entry => {
      const id = idOf('tree', JSON.stringify(inside));
      this.#things.set(id, { kind: 'tree', entries: inside });
      return { mode: '040000', path, id };
    });
    const [root] = directories;
    if (root === undefined) throw new Error('no tree');
    this.#things.set(root.id, { kind: 'tree', entries: [...entries, ...directories.slice(1)] });
    const number = this.#commits++;
    const id = idOf('commit', JSON.stringify([root.id, parents, approves, signed, number]));
    this.#things.set(id, { kind: 'commit', tree: root.id, parents, approves, signed, number });
    const all = parents.flatMap((parent) => [...this.ancestors(parent)]);
    this.#ancestors.set(id, new Set([id, ...all]));
    return id;
  }

  #blob(bytes: Buffer): string {
    const hash = createHash('sha1').update(`blob ${bytes.length}\0`);
    const id = hash.update(bytes).digest('hex');
    this.#things.set(id, { kind: 'blob', bytes });
    return id;
  }

  /** It and all that it follows, in any order. */
  ancestors(id: string): ReadonlySet<string> {
    return this.#ancestors.get(id) ?? new Set();
  }

  /** Whether `head` is `old`, or follows it. */
  contains(head: string, old: string): boolean {
    return this.ancestors(head).has(old);
  }

  /** Everything that a clone of `head` holds. */
  closure(head: string): ReadonlySet<string> {
    const all = new Set<string>();
    for (const id of this.ancestors(head)) {
      const { tree } = this.commit(id);
      all.add(id).add(tree);
      const root = this.#things.get(tree);
      if (root?.kind !== 'tree') continue;
      for (const entry of root.entries) {
        all.add(entry.id);
        const inner = this.#things.get(entry.id);
        if (inner?.kind === 'tree') for (const one of inner.entries) all.add(one.id);
      }
    }
    return all;
  }
}

function idOf(kind: string, text: string): string {
  return createHash('sha1').update(`${kind} ${text}`).digest('hex');
}

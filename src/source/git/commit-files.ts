/**
 * The manifests of a commit, whole or a Problem. What was read for the commit before is taken over: a directory that
 * has not changed is not listed again, a blob that has not changed is not read again.
 */
import type { SourceFile } from '../../service/ports.ts';
import { BlobCache } from './blobs.ts';
import type { GitSourceOptions } from './options.ts';
import { type Local, listTree, treeId } from './tree.ts';
import { Problem, suspect } from './trouble.ts';

export class CommitFiles {
  readonly #options: GitSourceOptions;
  /** Of the mirror, for messages. */
  readonly #dir: string;
  readonly #blobs = new BlobCache();
  #last:
    | { readonly commit: string; readonly tree: string; readonly files: readonly SourceFile[] }
    | undefined;

  constructor(options: GitSourceOptions, dir: string) {
    this.#options = options;
    this.#dir = dir;
  }

  /** Throws a Problem, or a Suspicion where the mirror does not hold the commit. */
  async read(commit: string, local: Local): Promise<readonly SourceFile[]> {
    const { path, limits, manifestLimits, memoryFile, allowEmpty, url } = this.#options;
    if (this.#last?.commit === commit) return this.#last.files;
    const where = `${url.text}: ${path === '' ? 'the repository' : `${path}/`} at ${commit.slice(0, 12)}`;
    const refused = (problems: readonly string[]) =>
      new Problem(
        problems.slice(0, manifestLimits.messages).map((one) => `${one} (commit ${commit.slice(0, 12)})`),
      );
    const tree = await treeId(local, commit, path);
    if (tree.kind === 'failed') throw suspect(tree.result, 'the tree cannot be read', this.#dir);
    if (tree.kind === 'absent') throw new Problem([`EK409 ${where}: ${tree.what}`]);
    if (this.#last?.tree === tree.id) {
      this.#last = { ...this.#last, commit };
      return this.#last.files;
    }
    const listed = await listTree(local, tree.id, path, limits.listBytes);
    if (listed.kind === 'failed' && listed.result.ended === 'output')
      throw refused([`EK404 ${where}: more names than are read; let --path name a smaller directory`]);
    if (listed.kind !== 'tree')
      throw suspect('result' in listed ? listed.result : undefined, 'no listing', this.#dir);
    if (listed.problems.length > 0) throw refused(listed.problems);
    if (listed.blobs.length === 0 && memoryFile !== undefined && !allowEmpty)
      throw new Problem([`EK409 ${where}: no manifest is there; --allow-empty says that this is meant`]);
    const read = await this.#blobs.read(local, listed.blobs, manifestLimits);
    if (read.kind === 'failed') throw suspect(read.result, 'an object is missing or damaged', this.#dir);
    if (read.kind === 'refused') throw refused(read.problems);
    this.#last = { commit, tree: tree.id, files: read.files };
    return read.files;
  }
}

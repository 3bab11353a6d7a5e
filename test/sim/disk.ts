/**
 * The journal's file as a crash leaves it: what was synced stays, what was on its way may be there in part.
 */
import type { JournalFile } from '../../src/service/ports.ts';
import type { Scheduler } from './scheduler.ts';

/** What becomes of bytes on their way when the process is killed. */
export type Tear = 'lost' | 'torn' | 'kept';

export interface Edges {
  /** Something that a kill can come before; false once the process is dead. */
  edge(name: string): boolean;
}

const SYNC_MS = 1;
/** New each time: one that all wait for would keep every world for ever. */
const never = () => new Promise<never>(() => {});

export class Disk {
  bytes: Uint8Array = new Uint8Array();
  writes = 0;
  /** How long a write takes. */
  syncMs = SYNC_MS;
  #pending: { readonly kind: 'append' | 'replace'; readonly bytes: Uint8Array } | undefined;
  /** Bytes that were on their way at a crash. */
  lostBytes = 0;
  /** Every write fails with this. */
  full: string | undefined;

  /** What a crash now leaves. */
  crash(tear: Tear): void {
    const pending = this.#pending;
    this.#pending = undefined;
    this.lostBytes += pending?.bytes.length ?? 0;
    if (pending === undefined || tear === 'lost') return;
    if (pending.kind === 'replace') {
      if (tear === 'kept') this.bytes = pending.bytes;
      return;
    }
    const { length } = pending.bytes;
    this.bytes = concat(
      this.bytes,
      pending.bytes.subarray(0, tear === 'torn' ? Math.floor(length / 2) : length),
    );
  }

  open(scheduler: Scheduler, edges: Edges): JournalFile {
    const write = async (kind: 'append' | 'replace', bytes: Uint8Array): Promise<void> => {
      if (!edges.edge('journal:write')) return never();
      if (this.full !== undefined) throw new Error(this.full);
      if (this.#pending !== undefined) throw new Error('two writes to the journal at once');
      const pending = { kind, bytes: Uint8Array.from(bytes) };
      this.#pending = pending;
      return new Promise((resolve) => {
        scheduler.after(this.syncMs, () => {
          if (this.#pending !== pending) return;
          // A kill here comes after the bytes are on the disk and before anybody knows.
          this.bytes = kind === 'append' ? concat(this.bytes, pending.bytes) : pending.bytes;
          this.#pending = undefined;
          this.writes += 1;
          if (edges.edge('journal:synced')) resolve();
        });
      });
    };
    return {
      read: async () => this.bytes,
      append: (bytes) => write('append', bytes),
      replace: (bytes) => write('replace', bytes),
      close: async () => {},
    };
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

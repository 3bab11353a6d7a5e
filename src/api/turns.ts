/**
 * Who goes next: writes first, then reads, deletes last; but of any five places granted while a read waits, at least
 * one goes to a read. Within a kind, first come, first served.
 */
import type { Priority } from '../service/ports.ts';

/** So many places may go to others while a read waits. */
const OTHERS_BEFORE_A_READ = 4;

export class Turns<T> {
  readonly #waiting: Readonly<Record<Priority, Set<T>>> = {
    write: new Set(),
    read: new Set(),
    delete: new Set(),
  };
  #sinceRead = 0;

  add(priority: Priority, waiter: T): void {
    this.#waiting[priority].add(waiter);
  }

  remove(priority: Priority, waiter: T): void {
    this.#waiting[priority].delete(waiter);
  }

  isEmpty(): boolean {
    const { write, read, delete: last } = this.#waiting;
    return write.size + read.size + last.size === 0;
  }

  /** Takes out the one whose turn it is. */
  next(): { readonly priority: Priority; readonly waiter: T } | undefined {
    const priority = this.#choose();
    const [waiter] = this.#waiting[priority];
    if (waiter === undefined) return undefined;
    this.#waiting[priority].delete(waiter);
    return { priority, waiter };
  }

  /** The place was used: it counts for the reads' share. */
  used(priority: Priority): void {
    this.#sinceRead = priority === 'read' ? 0 : this.#sinceRead + 1;
  }

  #choose(): Priority {
    const { write, read } = this.#waiting;
    if (read.size > 0 && (write.size === 0 || this.#sinceRead >= OTHERS_BEFORE_A_READ)) return 'read';
    return write.size > 0 ? 'write' : 'delete';
  }
}

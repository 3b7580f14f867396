/** Compact where the dead front is longer than this and than what is left. */
const DEAD_FRONT_MAX = 1024;

/** A first-in-first-out queue with constant-time ends; `Array.shift` moves everything that waits. */
export class Deque<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  unshift(item: T): void {
    if (this.#head === 0) this.#items.unshift(item);
    else this.#items[--this.#head] = item;
  }

  peek(): T | undefined {
    return this.#items[this.#head];
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.length === 0) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head > DEAD_FRONT_MAX && this.#head > this.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Takes out what fits, in order; the rest keeps its order. */
  remove(fits: (item: T) => boolean): readonly T[] {
    const removed: T[] = [];
    const kept: T[] = [];
    while (this.length > 0) {
      // Between head and end every place holds an item.
      const item = this.shift() as T;
      (fits(item) ? removed : kept).push(item);
    }
    this.#items = kept;
    this.#head = 0;
    return removed;
  }
}

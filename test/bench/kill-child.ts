/** A forked child that is asked one thing at a time. */
import { fork, type ChildProcess } from 'node:child_process';

export interface Dialogue<Order extends object, Reply> {
  ask(order: Order): Promise<Reply>;
  close(): void;
}

/** Asks are answered in the order in which they were sent. */
export function openDialogue<Order extends object, Reply>(path: string, args: readonly string[]): Dialogue<Order, Reply> {
  const child: ChildProcess = fork(path, [...args], { execArgv: ['--import', 'tsx'], serialization: 'advanced' });
  const waiting: { readonly resolve: (reply: Reply) => void; readonly reject: (error: Error) => void }[] = [];
  child.on('message', (reply: Reply) => waiting.shift()?.resolve(reply));
  let ended: Error | null = null;
  child.once('exit', (code) => {
    ended = new Error(`${path} ended with ${code}`);
    for (const { reject } of waiting.splice(0)) reject(ended);
  });
  return {
    ask: (order) =>
      new Promise((resolve, reject) => {
        if (ended !== null) return reject(ended);
        waiting.push({ resolve, reject });
        child.send(order);
      }),
    close() {
      // Whoever still waits asked for nothing that counts.
      waiting.splice(0);
      child.disconnect();
    },
  };
}

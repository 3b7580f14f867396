/** Which in-memory actor a late failure belongs to: a throw in its timer or a rejection nobody awaits must not end the main process. */
import { AsyncLocalStorage } from 'node:async_hooks';

export type Blame = (error: unknown) => void;

const scope = new AsyncLocalStorage<Blame>();

/** Runs an actor's code so that whatever it leaves running and fails later is reported to `blame`. */
export const runBlamed = <T>(blame: Blame, run: () => T): T => scope.run(blame, run);

/** Runs the house's own code from inside an actor's call: its failures are not the actor's. */
export const runUnblamed = <T>(run: () => T): T => scope.exit(run);

/**
 * Takes over uncaught failures of this process until the returned function is called. `unattributed` gets those no actor is to
 * blame for. Rejections of promises that are not native come from inside comedy, which reports them to its caller as well.
 */
export function attributeFailures(unattributed: (error: unknown) => void): () => void {
  const onException = (error: unknown): void => (scope.getStore() ?? unattributed)(error);
  const onRejection = (error: unknown, promise: unknown): void => {
    if (promise instanceof Promise) onException(error);
  };
  process.on('uncaughtException', onException);
  process.on('unhandledRejection', onRejection);
  return () => {
    process.off('uncaughtException', onException);
    process.off('unhandledRejection', onRejection);
  };
}

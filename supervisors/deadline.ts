/** The value of `promise`, unless `ms` wall milliseconds pass first. @throws Error with `what` where they do. */
export function within<T>(promise: Promise<T>, ms: number, what = `took longer than ${ms} ms`): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(what)), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

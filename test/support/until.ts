/** Waits for what a test knows must come; how long that takes is not the test's affair. */
const LOOK_MS = 5;
const PATIENCE_MS = 20_000;

/** Resolves when `is` holds. @throws Error with `what` where it never does. */
export async function until(what: string, is: () => boolean): Promise<void> {
  for (let waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
    if (is()) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`never came: ${what}`);
}

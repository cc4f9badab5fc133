/** Does work for each of items, at most limit at a time, and ends when all are done. A failure ends none of the others. */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values()
  const worker = async () => {
    for (const item of waiting) await work(item).catch(() => undefined)
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
}

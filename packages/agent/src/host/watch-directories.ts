import { watch, type FSWatcher } from 'node:fs'

const MAX_DIRECTORIES = 64

/**
 * Calls `changed` within `delayMs` of a change to an entry of one of the directories, and never more often than that. A
 * directory that cannot be watched is left to whoever looks again from time to time, and so are those over the bound.
 */
export function watchDirectories(directories: Iterable<string>, delayMs: number, changed: () => void): Disposable {
  const watchers: FSWatcher[] = []
  let due: NodeJS.Timeout | null = null
  const soon = (): void => {
    due ??= setTimeout(() => {
      due = null
      changed()
    }, delayMs).unref()
  }
  for (const directory of [...new Set(directories)].slice(0, MAX_DIRECTORIES)) {
    try {
      const watcher = watch(directory, { persistent: false }, soon)
      watcher.on('error', () => watcher.close())
      watchers.push(watcher)
    } catch {
      // Not there, or no more watches to be had.
    }
  }
  return {
    [Symbol.dispose]: () => {
      if (due !== null) clearTimeout(due)
      for (const watcher of watchers) watcher.close()
    },
  }
}

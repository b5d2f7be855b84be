import { mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** With those above it. Node's own `recursive` does not return where the file system makes no directories (`/proc`). */
export function makeDirectory(path: string, mode: number): void {
  const missing: string[] = []
  for (let each = resolve(path); !isDirectory(each); each = dirname(each)) missing.push(each)
  for (const each of missing.reverse()) {
    try {
      mkdirSync(each, { mode })
    } catch (error) {
      // Another process may have been quicker.
      if (!isDirectory(each)) throw error
    }
  }
}

/** False of what is something else: to make it fails then. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

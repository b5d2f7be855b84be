import { closeSync, openSync } from 'node:fs'

/**
 * ClickHouse's client takes what stands on the standard input for rows of an INSERT, and waits for a pipe that says nothing.
 * A process with a store therefore has an empty standard input: descriptor 0 becomes /dev/null, as the lowest free number is
 * the one that open(2) gives.
 */
export function detachStandardInput(): void {
  try {
    closeSync(0)
  } catch {
    // It was closed before.
  }
  const descriptor = openSync('/dev/null', 'r')
  if (descriptor !== 0) closeSync(descriptor)
}

import { once } from 'node:events'

export function printLine(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function printJson(value: unknown): void {
  printLine(JSON.stringify(value, null, process.stdout.isTTY ? 2 : undefined))
}

/** Waits while the reader is slower than we are, so that a stream of any length needs little memory. */
export async function printSlowly(text: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`)
}

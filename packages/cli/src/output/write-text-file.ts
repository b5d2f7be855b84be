import { writeFile } from 'node:fs/promises'
import { fileError } from '../input/read-text-file.ts'

export async function writeTextFile(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text)
  } catch (error) {
    throw fileError(path, error, 'file-not-writable')
  }
}

import { mkdir, open, rename } from 'node:fs/promises'
import { join } from 'node:path'

/** A file that is there whole, as it was or as it is now, whenever the machine stops; at most a `.new` file is left behind. */
export async function writeDurably(directory: string, name: string, bytes: Uint8Array): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 })
  const path = join(directory, name)
  const temporary = `${path}.${process.pid}.new`
  {
    await using file = await open(temporary, 'w', 0o644)
    await file.writeFile(bytes)
    await file.sync()
  }
  await rename(temporary, path)
  await using handle = await open(directory, 'r')
  await handle.sync()
}

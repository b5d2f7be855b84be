import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { writeDurably } from '../../write-durably.ts'
import type { VendorService } from './vendor-services.ts'
import { VENDORS } from './vendors.ts'

/** A vendor's document as it was imported. */
export type ImportedVendor = {
  readonly version: 2
  readonly vendor: string
  readonly source: string
  readonly fetchedMs: number
  readonly services: Readonly<Record<string, readonly VendorService[]>>
}

const strings = z.array(z.string())
const schema: z.ZodType<ImportedVendor> = z.object({
  version: z.literal(2),
  vendor: z.string(),
  source: z.string(),
  fetchedMs: z.number(),
  services: z.record(z.string(), z.array(z.object({ domains: strings, prefixes: strings, ports: strings }))),
})

export async function writeImported(directory: string, imported: ImportedVendor): Promise<void> {
  await writeDurably(directory, `${imported.vendor}.json`, Buffer.from(JSON.stringify(imported)))
}

/** What was imported, of each vendor from the first directory that has it; a file that cannot be read counts as not there. */
export async function readImported(directories: readonly string[]): Promise<readonly ImportedVendor[]> {
  const found: ImportedVendor[] = []
  for (const vendor of Object.keys(VENDORS)) {
    for (const directory of directories) {
      const imported = await readOne(join(directory, `${vendor}.json`))
      if (imported === null) continue
      found.push(imported)
      break
    }
  }
  return found
}

async function readOne(path: string): Promise<ImportedVendor | null> {
  try {
    const parsed = schema.safeParse(JSON.parse(await readFile(path, 'utf8')))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

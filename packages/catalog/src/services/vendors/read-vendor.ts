import * as z from 'zod'
import { ServiceCollector, type VendorServices } from './vendor-services.ts'

/** Services from a document; `null` when it is not of the vendor's form. */
export type ReadVendor = (document: string) => VendorServices | null

export const text: z.ZodType<string> = z.string().max(1024)
export const list: z.ZodType<string[]> = z.array(text).max(1_000_000)

export function json<T>(schema: z.ZodType<T>, take: (value: T, into: ServiceCollector) => void): ReadVendor {
  return (document) => {
    let value: unknown
    try {
      value = JSON.parse(document)
    } catch {
      return null
    }
    const parsed = schema.safeParse(value)
    if (!parsed.success) return null
    const into = new ServiceCollector()
    take(parsed.data, into)
    return into.finish()
  }
}

/** A prefix a line. */
export function lines(name: string, ports: readonly string[]): ReadVendor {
  return (document) => {
    const prefixes = document.split(/\s+/).filter((word) => word !== '')
    if (prefixes.length === 0 || !prefixes.every((word) => /^[0-9a-f:.]+(\/\d+)?$/i.test(word))) return null
    const into = new ServiceCollector()
    into.add([name], { prefixes, ports })
    return into.finish()
  }
}

import * as z from 'zod'

/** What an object with unknown keys tells about itself. */
export type ClosedObject = { readonly where: string; readonly keys: readonly string[] }

/** An object that has these keys and no others; its issue names them, which zod's own does not. */
export function closed<Shape extends z.core.$ZodShape>(
  where: string,
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  const described: ClosedObject = { where, keys: Object.keys(shape) }
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? JSON.stringify(described) : undefined),
  })
}

export function oneOrMany<T>(item: z.ZodType<T>): z.ZodType<T | readonly T[]> {
  return z.union([item, z.array(item).min(1)])
}

import * as z from 'zod'

/** A text that a row has in one of its values. */
export const Search: z.ZodDefault<z.ZodString> = z.string().max(200).default('')

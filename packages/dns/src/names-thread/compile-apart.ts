import { askThread } from '@sallyport/catalog/threads'
import {
  buildNameTable,
  compilePolicyWith,
  openNameTable,
  type BuildNames,
  type CompiledPolicy,
  type CompileOptions,
  type NameTableImage,
} from '@sallyport/compile'
import type { Policy, World } from '@sallyport/policy'
import { portableList, type NamesQuestion } from './portable-list.ts'

const THREAD = new URL('./names-thread.ts', import.meta.url)
/** Some milliseconds of work; a thread takes longer to begin. */
const MOST_NAMES_HERE = 10_000

/** The policy compiled, while others are answered: a table of a million names is a second of work, done by a thread. */
export function compileApart(policy: Policy, world: World, options: CompileOptions): Promise<CompiledPolicy> {
  return compilePolicyWith(policy, world, options, buildNamesApart)
}

/** The same table as `buildNameTable` gives. The lists are to be held until then: the thread reads from their files. */
const buildNamesApart: BuildNames = async (lists, seed) => {
  const names = lists.reduce((sum, { patterns, except }) => sum + patterns.length + (except?.length ?? 0), 0)
  if (names <= MOST_NAMES_HERE) return buildNameTable(lists, seed)
  const question: NamesQuestion = { lists: lists.map(portableList), seed }
  return openNameTable(await askThread<NameTableImage>(THREAD, question))
}

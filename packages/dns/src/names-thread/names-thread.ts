import { answerAsThread } from '@sallyport/catalog/threads'
import { buildNameTable, type NameTableImage } from '@sallyport/compile'
import { listOfPortable, type NamesQuestion } from './portable-list.ts'

await answerAsThread<NamesQuestion, NameTableImage>(
  // oxlint-disable-next-line typescript/require-await
  async ({ lists, seed }) => buildNameTable(lists.map(listOfPortable), seed).image,
)

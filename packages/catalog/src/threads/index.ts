export { packPatterns } from '../feeds/pack-patterns.ts'
export { answerAsThread } from './answer-as-thread.ts'
export { askThread } from './ask-thread.ts'

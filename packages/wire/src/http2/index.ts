export { requestHeadOf, responseHeadOf, trailersOf, type FieldSection, type Http2RequestHead } from './message-heads.ts'

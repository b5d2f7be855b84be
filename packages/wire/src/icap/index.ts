export { icapRequestText, parseEncapsulated, parseIcapHead, type Encapsulated, type IcapHead } from './icap-messages.ts'

const PREFIX_NAMES = 2 ** 45;
const PREFIX_SPAN = 2 ** 20;

/** Names a shared prefix of a class among everything that prompts consist of. */
export const prefixKeyOf = (classIndex: number, prefixId: number): number => PREFIX_NAMES + classIndex * PREFIX_SPAN + prefixId;

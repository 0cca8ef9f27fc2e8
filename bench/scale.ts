export async function scale(_quick: boolean): Promise<void> {}

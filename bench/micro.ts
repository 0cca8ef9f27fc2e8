export async function micro(_quick: boolean): Promise<void> {}

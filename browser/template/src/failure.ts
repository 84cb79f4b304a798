/** showError puts the reason where the recorder looks for it: a visible div with the class error. */
export function showError(reason: unknown): void {
  const box = document.createElement("div");
  box.className = "error";
  box.textContent = reason instanceof Error ? reason.message : String(reason);
  document.body.append(box);
  console.error(box.textContent);
}

// The theme: the system's, or the one that was chosen. A classic script, so that it runs before the first paint.
(() => {
  const KEY = "memnet-theme";
  const NEXT = { system: "light", light: "dark", dark: "system" };

  let theme = "system";
  try {
    theme = localStorage.getItem(KEY) ?? "system";
  } catch {
    // Storage can be switched off; the choice then lasts as long as the page.
  }
  if (!(theme in NEXT)) theme = "system";
  show();

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    label(button);
    button.addEventListener("click", () => {
      theme = NEXT[theme];
      show();
      label(button);
      try {
        localStorage.setItem(KEY, theme);
      } catch {
        // As above.
      }
    });
  });

  function show() {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }

  function label(button) {
    button.textContent = `Theme: ${theme}`;
    button.title = `Switch to ${NEXT[theme]}`;
  }
})();

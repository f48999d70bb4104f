// Making elements. Text is set as text, never as HTML, so nothing in it can become code.

// element("p", {class: "small", text: "Hello"}, [children]); all other names are attributes.
function element(tag, { text, ...attributes } = {}, children = []) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function byId(id) {
  return document.getElementById(id);
}

// A function that calls `action` once, after `wait` ms without another call.
function onceQuiet(action, wait) {
  let timer = null;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, wait);
  };
}

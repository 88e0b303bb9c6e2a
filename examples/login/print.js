// Shows the button that prints the page: without scripts the browser's own does it.
const button = document.querySelector('button[data-print]');
button.addEventListener('click', () => print());
button.hidden = false;

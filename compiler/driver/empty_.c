typedef int empty_folder;

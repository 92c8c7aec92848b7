package io.sparse24.bindings;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The C header, read by a parser of its own: the bindings are held against this, not against
 * themselves.
 */
final class Header {
  static final Path FILE = Path.of("include/sparse24/s24.h");

  private static final Pattern STRUCT =
      Pattern.compile("typedef struct (\\w+) \\{(.*?)\\} \\1;", Pattern.DOTALL);
  private static final Pattern FUNCTION =
      Pattern.compile("^(.*?)\\(\\*(\\w+)\\)\\((.*)\\)$", Pattern.DOTALL);
  private static final Pattern ENUM = Pattern.compile("enum (\\w+) \\{(.*?)\\};", Pattern.DOTALL);
  private static final Pattern DEFINE =
      Pattern.compile("^#define (S24_\\w+) \\(?(-?\\d+)\\)?$", Pattern.MULTILINE);

  private final Map<String, List<String>> structs = new LinkedHashMap<>();
  private final Map<String, String> functions = new LinkedHashMap<>();
  private final Map<String, Integer> constants = new LinkedHashMap<>();

  private Header(String text) {
    String code = text.replaceAll("(?s)/\\*.*?\\*/", "");
    Matcher struct = STRUCT.matcher(code);
    while (struct.find()) {
      structs.put(struct.group(1), members(struct.group(2)));
    }
    Matcher constant = ENUM.matcher(code);
    while (constant.find()) {
      for (String line : constant.group(2).split(",")) {
        String[] parts = line.strip().split("\\s*=\\s*");
        constants.put(parts[0], Integer.valueOf(parts[1]));
      }
    }
    Matcher define = DEFINE.matcher(code);
    while (define.find()) {
      constants.put(define.group(1), Integer.valueOf(define.group(2)));
    }
  }

  static Header read() throws IOException {
    return new Header(Files.readString(FILE));
  }

  private List<String> members(String body) {
    List<String> names = new ArrayList<>();
    for (String declaration : body.split(";")) {
      String member = declaration.strip().replaceAll("\\s+", " ");
      if (member.isEmpty()) {
        continue;
      }
      Matcher function = FUNCTION.matcher(member);
      if (function.matches()) {
        names.add(function.group(2));
        functions.put(function.group(2), function.group(1).strip() + "(" + function.group(3) + ")");
        continue;
      }
      // "int64_t rows, cols" or "char name[128]" or "s24_context *sibling"
      String list = member.replaceFirst("^(const )?\\w+ ", "");
      for (String name : list.split(",")) {
        names.add(name.replaceAll("[*\\s]|\\[\\d+\\]", ""));
      }
    }
    return names;
  }

  /** Struct names to their members, in order. */
  Map<String, List<String>> structs() {
    return structs;
  }

  /** Functions of the table to their prototypes, {@code result(parameters)}, in order. */
  Map<String, String> functions() {
    return functions;
  }

  /** Enum constants and integer macros. */
  Map<String, Integer> constants() {
    return constants;
  }

  /** What a prototype means for FFM. */
  static FunctionDescriptor descriptor(String prototype) {
    int open = prototype.indexOf('(');
    String parameters = prototype.substring(open + 1, prototype.length() - 1);
    List<MemoryLayout> layouts = new ArrayList<>();
    if (!parameters.equals("void")) {
      for (String parameter : parameters.split(",")) {
        layouts.add(layout(parameter.strip()));
      }
    }
    return FunctionDescriptor.of(
        layout(prototype.substring(0, open)), layouts.toArray(MemoryLayout[]::new));
  }

  private static MemoryLayout layout(String type) {
    if (type.contains("*")) {
      return ValueLayout.ADDRESS;
    }
    if (type.startsWith("int32_t") || type.startsWith("uint32_t")) {
      return ValueLayout.JAVA_INT;
    }
    if (type.startsWith("int64_t")) {
      return ValueLayout.JAVA_LONG;
    }
    if (type.startsWith("float")) {
      return ValueLayout.JAVA_FLOAT;
    }
    throw new IllegalArgumentException("no layout for C type '" + type + "'");
  }
}
